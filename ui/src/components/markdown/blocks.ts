/**
 * Splits growing markdown into its top-level blocks, so that only the last ones are rendered again. Blocks that can no
 * longer change are kept and not parsed again.
 */
import { lexer, type Token } from 'marked'

export class BlockSplitter {
  private finished: string[] = []
  private text = ''
  private finishedLength = 0
  private open: string[] = []

  /** The blocks of `text`. Cheap when `text` begins with what was split last. */
  split(text: string): string[] {
    if (!text.startsWith(this.text)) {
      this.finished = []
      this.finishedLength = 0
    }
    this.text = text
    const tokens = lexer(text.slice(this.finishedLength), { gfm: true }) as Token[]
    const raw = tokens.map((token) => ({ text: token.raw, space: token.type === 'space' }))
    // A block that is followed by a gap and another block cannot grow any more. The last two stay open, since a gap may
    // turn out to be inside a list.
    let finished = raw.length
    for (let open = 2; finished > 0 && open > 0; ) {
      finished -= 1
      if (!raw[finished]?.space) open -= 1
    }
    for (const block of raw.slice(0, finished)) {
      this.finishedLength += block.text.length
      if (!block.space) this.finished.push(block.text)
    }
    this.open = raw
      .slice(finished)
      .filter((block) => !block.space)
      .map((block) => block.text)
    return [...this.finished, ...this.open]
  }
}
