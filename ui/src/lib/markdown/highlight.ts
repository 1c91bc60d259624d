/** Colours for code, as class names. Loaded with the first piece of code. */
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

export type Shade = string | { className: string; parts: Shade[] }

interface Node {
  scope?: string
  children: (string | Node)[]
}

/** Longer code stays plain: nobody reads the colours of a megabyte. */
const MOST = 60_000

/** The parts of `code` with their classes; `null` when the language is not known. Never HTML. */
export function highlight(code: string, language: string): Shade[] | null {
  if (code.length > MOST || !hljs.getLanguage(language)) return null
  const result = hljs.highlight(code, { language, ignoreIllegals: true })
  const root = (result._emitter as unknown as { rootNode: Node }).rootNode
  return root.children.map(shade)
}

function shade(node: string | Node): Shade {
  if (typeof node === 'string') return node
  const parts = node.children.map(shade)
  const [first, ...rest] = (node.scope ?? '').split('.')
  const className = node.scope ? [`hljs-${first}`, ...rest.map((part) => `${part}_`)].join(' ') : ''
  return { className, parts }
}
