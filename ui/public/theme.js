// Sets the theme before the first paint. A separate file, because the content security policy forbids inline
// scripts.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('mosaic.theme')
  } catch {
    // Without storage the system's theme is used.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
