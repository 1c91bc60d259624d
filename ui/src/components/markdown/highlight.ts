/** Syntax highlighting as class names. Loaded with the first code block. */
import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import go from 'highlight.js/lib/languages/go'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import python from 'highlight.js/lib/languages/python'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'

const LANGUAGES = { bash, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml }
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language)
hljs.registerAliases(['sh', 'shell', 'zsh', 'console'], { languageName: 'bash' })
hljs.registerAliases(['toml'], { languageName: 'yaml' })

export type HighlightNode = string | { className: string; parts: HighlightNode[] }

interface Node {
  scope?: string
  children: (string | Node)[]
}

/** Longer code is not highlighted. */
const MAX_CHARS = 60_000

/** `null` if the language is unknown. The result is data, never HTML. */
export function highlight(code: string, language: string): HighlightNode[] | null {
  if (code.length > MAX_CHARS || !hljs.getLanguage(language)) return null
  const result = hljs.highlight(code, { language, ignoreIllegals: true })
  const root = (result._emitter as unknown as { rootNode: Node }).rootNode
  return root.children.map(toHighlightNode)
}

function toHighlightNode(node: string | Node): HighlightNode {
  if (typeof node === 'string') return node
  const parts = node.children.map(toHighlightNode)
  const [first, ...rest] = (node.scope ?? '').split('.')
  const className = node.scope ? [`hljs-${first}`, ...rest.map((part) => `${part}_`)].join(' ') : ''
  return { className, parts }
}
