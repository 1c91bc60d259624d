/** What is being typed, kept over reloads of this tab, so that nothing typed is ever lost. */

const PREFIX = 'mosaic.draft.'

export function readDraft(name: string): string {
  try {
    return sessionStorage.getItem(PREFIX + name) ?? ''
  } catch {
    return ''
  }
}

export function writeDraft(name: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(PREFIX + name, text)
    else sessionStorage.removeItem(PREFIX + name)
  } catch {
    // Without storage the text still stands in the box.
  }
}

/** At sign-out: the next person at this browser must not find it. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
  } catch {
    // There is nothing to forget.
  }
}
