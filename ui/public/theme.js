// Sets the theme before anything is painted. A file of its own, because the content security policy
// allows no inline script.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('mosaic.theme')
  } catch {
    // Storage may be switched off: then the system's theme is used.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
