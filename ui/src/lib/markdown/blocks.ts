/**
 * Splits growing markdown into its top-level blocks, so that only the last ones are rendered anew.
 * Blocks that can no longer change are kept and not even read again.
 */
import { lexer, type Token } from 'marked'

export class Blocks {
  private done: string[] = []
  private text = ''
  private settled = 0
  private open: string[] = []

  /** The blocks of `text`. Cheap when `text` begins with what was split last. */
  split(text: string): string[] {
    if (!text.startsWith(this.text)) {
      this.done = []
      this.settled = 0
    }
    this.text = text
    const tokens = lexer(text.slice(this.settled), { gfm: true }) as Token[]
    const raw = tokens.map((token) => ({ text: token.raw, space: token.type === 'space' }))
    // What is followed by another block behind a gap cannot grow any more; one more is left open,
    // since a gap may still turn out to be inside a list.
    let keep = raw.length
    for (let left = 2; keep > 0 && left > 0; ) {
      keep -= 1
      if (!raw[keep]?.space) left -= 1
    }
    for (const block of raw.slice(0, keep)) {
      this.settled += block.text.length
      if (!block.space) this.done.push(block.text)
    }
    this.open = raw
      .slice(keep)
      .filter((block) => !block.space)
      .map((block) => block.text)
    return [...this.done, ...this.open]
  }
}
