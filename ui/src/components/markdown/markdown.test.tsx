import { render, screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { highlight } from './highlight'
import { Markdown } from './markdown'

const HOSTILE = [
  '<img src="https://evil.example/a.png" onerror="alert(1)">',
  '',
  '<script>alert(1)</script>',
  '',
  '![pixel](https://evil.example/track.png)',
  '',
  '[run](javascript:alert(1)) and [data](data:text/html,x)',
  '',
  '<iframe src="https://evil.example"></iframe>',
].join('\n')

describe('Markdown', () => {
  it.each([1, 5, HOSTILE.length])('renders a hostile answer safely, in steps of %i', (step) => {
    const { container, rerender } = render(<Markdown text="" />)
    for (let end = step; end < HOSTILE.length + step; end += step) {
      rerender(<Markdown text={HOSTILE.slice(0, end)} />)
      expect(container.querySelector('img, script, iframe, object, embed, style, link')).toBeNull()
      for (const link of container.querySelectorAll('a')) {
        expect(link.getAttribute('href') ?? '').not.toMatch(/^\s*(javascript|data|vbscript):/i)
      }
      for (const element of container.querySelectorAll('*')) {
        expect(element.getAttributeNames().filter((name) => name.startsWith('on'))).toEqual([])
      }
    }
    expect(screen.getByText('Image not loaded: pixel')).toBeInTheDocument()
  })

  it('opens links in a new tab without a referrer', () => {
    render(<Markdown text="[docs](https://example.com)" />)
    const link = screen.getByRole('link', { name: 'docs' })
    expect(link).toHaveAttribute('rel', expect.stringContaining('noreferrer'))
    expect(link).toHaveAttribute('target', '_blank')
  })

  it('shows tables, code with its language and task lists', () => {
    render(<Markdown text={'| a | b |\n|--|--|\n| 1 | 2 |\n\n```rust\nlet x = 1;\n```\n\n- [x] ready'} />)
    expect(screen.getByRole('table')).toBeInTheDocument()
    expect(screen.getByText('rust')).toBeInTheDocument()
    expect(screen.getByRole('button', { name: 'Copy the code' })).toBeInTheDocument()
    expect(screen.getByRole('checkbox', { name: 'Done' })).toBeChecked()
  })
})

describe('highlight', () => {
  it('names the parts and keeps every character', () => {
    const code = 'fn main() { println!("<b>&amp;</b>"); }'
    const parts = highlight(code, 'rust') ?? []
    const text = (part: (typeof parts)[number]): string =>
      typeof part === 'string' ? part : part.parts.map(text).join('')
    expect(parts.map(text).join('')).toBe(code)
    expect(parts.some((part) => typeof part !== 'string' && part.className === 'hljs-keyword')).toBe(true)
  })

  it('ignores unknown languages', () => {
    expect(highlight('x', 'brainfuck')).toBeNull()
  })
})
