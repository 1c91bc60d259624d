import { ImageOff } from 'lucide-react'
import { type ComponentProps, memo, useRef } from 'react'
import ReactMarkdown, { type Components, defaultUrlTransform } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { BlockSplitter } from './blocks'
import { CodeBlock } from './code-block'

const PLUGINS = [remarkGfm]

/** Images are named, not loaded: a request would tell another server about the answer. */
function Image({ alt, src }: ComponentProps<'img'>) {
  const address = typeof src === 'string' ? src : ''
  return (
    <span className="inline-flex max-w-full items-center gap-1.5 rounded-chip border bg-surface-2 px-2 py-0.5 text-sm text-muted">
      <ImageOff aria-hidden className="size-3.5 shrink-0" />
      <span>Image not loaded{alt ? `: ${alt}` : ''}</span>
      {address && (
        <a href={address} target="_blank" rel="noreferrer noopener">
          Open
        </a>
      )}
    </span>
  )
}

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  img: Image,
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  table: ({ children }) => (
    <section className="table-wrap" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
  ),
  input: ({ checked }) => (
    <input
      type="checkbox"
      checked={checked ?? false}
      readOnly
      disabled
      aria-label={checked ? 'Done' : 'Open'}
    />
  ),
  // The headings of an answer rank below those of the page.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  h5: ({ children }) => <h6>{children}</h6>,
}

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <div className="block">
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} urlTransform={defaultUrlTransform}>
        {text}
      </ReactMarkdown>
    </div>
  )
})

/** Blocks are memoized in groups: a long answer has hundreds, and only the last few change. */
const BLOCKS_PER_GROUP = 16

const Group = memo(
  function Group({ blocks }: { blocks: string[] }) {
    return blocks.map((block, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks are only appended
      <Block key={at} text={block} />
    ))
  },
  (before, now) =>
    before.blocks.length === now.blocks.length &&
    before.blocks.every((block, at) => block === now.blocks[at]),
)

/** An answer as markdown. HTML in it is shown as text. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const splitter = useRef<BlockSplitter>(null)
  splitter.current ??= new BlockSplitter()
  const blocks = splitter.current.split(text)
  const groups: string[][] = []
  for (let at = 0; at < blocks.length; at += BLOCKS_PER_GROUP)
    groups.push(blocks.slice(at, at + BLOCKS_PER_GROUP))
  return (
    <div className="prose">
      {groups.map((group, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <Group key={at} blocks={group} />
      ))}
    </div>
  )
})
