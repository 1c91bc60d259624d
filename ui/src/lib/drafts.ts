/** Unsent text, kept in the tab's session storage so that a reload does not lose it. */

const KEY_PREFIX = 'mosaic.draft.'

export function loadDraft(name: string): string {
  try {
    return sessionStorage.getItem(KEY_PREFIX + name) ?? ''
  } catch {
    return ''
  }
}

export function saveDraft(name: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(KEY_PREFIX + name, text)
    else sessionStorage.removeItem(KEY_PREFIX + name)
  } catch {
    // Without storage the text is still in the input.
  }
}

/** At sign-out: the next user of this browser must not see them. */
export function clearDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage))
      if (key.startsWith(KEY_PREFIX)) sessionStorage.removeItem(key)
  } catch {
    // Without storage there are no drafts.
  }
}
