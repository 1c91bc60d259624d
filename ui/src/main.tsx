import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { isStalePage, loadActingAccount } from './api/acting-account'
import { setAccessLostHandler, setSignedOutHandler } from './api/client'
import { queries, queryClient } from './api/queries'
import { Toaster } from './components/ui/toast'
import { CrashPage, NotFoundPage } from './features/shell/full-page'
import { handleLostAccess, reportLostAccess } from './features/shell/impersonation'
import { reloadOnMissingChunks } from './lib/reload-on-missing-chunk'
import { takeSetupToken } from './lib/setup-token'
import { routeTree } from './routeTree.gen'
import './styles.css'

// Before any other code reads the address: the token must not stay in it.
takeSetupToken()
loadActingAccount()

const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  // Query decides what is stale, not the router.
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: CrashPage,
  defaultNotFoundComponent: NotFoundPage,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

// The session ended while the page was open: the current user is read again, and the route redirects to the sign-in.
setSignedOutHandler(() => {
  queryClient.removeQueries({ queryKey: queries.me.queryKey })
  void router.invalidate()
})

setAccessLostHandler(handleLostAccess)
reportLostAccess()
addEventListener('pageshow', (event) => {
  if (event.persisted && isStalePage()) location.reload()
})

reloadOnMissingChunks()

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      {/* Base UI must not write style elements: the content security policy forbids them. */}
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <Toaster />
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  )
}
