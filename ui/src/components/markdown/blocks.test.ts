import { describe, expect, it } from 'vitest'
import { BlockSplitter } from './blocks'

const TEXTS = {
  prose: 'One paragraph\nof two lines.\n\nAnother with *stress*.\n\n---\n\nThe last.',
  lists: '- a\n- b\n\n  still b\n\n- c\n\n1. one\n2. two\n   - nested\n\nAfter it.',
  code: 'Before\n\n```rust\nfn main() {\n\n    // a gap inside\n}\n```\n\nAfter\n\n```\nnever closed\n\nstill code',
  table: 'Head\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nTail\n\n> quote\n> more\n\nend',
  headings: '# One\n\ntext\nSetext\n======\n\n## Two\ntext right below\n\n* * *\n\ndone',
}

describe('BlockSplitter', () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    const whole = new BlockSplitter().split(text)
    it.each([1, 3, 7, 50])(`splits ${name} the same in steps of %i characters as at once`, (step) => {
      const blocks = new BlockSplitter()
      let last: string[] = []
      for (let end = step; end < text.length + step; end += step) last = blocks.split(text.slice(0, end))
      expect(last).toEqual(whole)
    })
  }

  it('finds the blocks', () => {
    expect(new BlockSplitter().split(TEXTS.prose)).toHaveLength(4)
  })

  it('starts over with another text', () => {
    const blocks = new BlockSplitter()
    blocks.split('a\n\nb\n\nc\n\nd\n\ne')
    expect(blocks.split('x\n\ny').map((block) => block.trim())).toEqual(['x', 'y'])
  })
})
