import tailwindcss from '@tailwindcss/vite'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const server = process.env.MOSAIC_API ?? 'http://127.0.0.1:8080'

/** Preloads the font, so that text does not shift when it arrives. */
function preloadFont(): Plugin {
  return {
    name: 'preload-font',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const font = Object.keys(bundle ?? {}).find((name) => /geist-latin-wght-normal.*\.woff2$/.test(name))
        if (!font) return []
        const attrs = { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${font}`, crossorigin: '' }
        return [{ tag: 'link', attrs, injectTo: 'head' }]
      },
    },
  }
}

export default defineConfig({
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true }),
    react(),
    tailwindcss(),
    preloadFont(),
  ],
  resolve: { tsconfigPaths: true },
  // The Host header is passed on unchanged: the server builds links with it and compares it with Origin.
  server: {
    proxy: Object.fromEntries(
      ['/api', '/v1', '/healthz', '/readyz'].map((path) => [path, { target: server }]),
    ),
  },
  build: {
    target: 'baseline-widely-available',
    manifest: true,
    // Inlined fonts would be data: addresses, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // All icons in one chunk: every further request is one more that can fail.
        codeSplitting: { groups: [{ name: 'icons', test: /node_modules\/lucide-react\// }] },
      },
    },
  },
})
