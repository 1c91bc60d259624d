import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { beginPage, isOutlived } from './api/account'
import { whenNotKept, whenSignedOut } from './api/client'
import { q, queryClient } from './api/queries'
import { Toasts } from './components/ui/toast'
import { CrashPage, MissingPage } from './features/shell/full-page'
import { fallBack, tellFallBack } from './features/shell/keep'
import { reloadWhenPartsAreMissing } from './lib/missing-parts'
import { takeSetupToken } from './lib/setup-token'
import { routeTree } from './routeTree.gen'
import './styles.css'

// Before anything else looks at the address: the token must not stay in it.
takeSetupToken()
beginPage()

const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  // Query decides what is stale, not the router.
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: CrashPage,
  defaultNotFoundComponent: MissingPage,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

// A session that ended while the page was open: who is there is asked again, and the route leads to the sign-in.
whenSignedOut(() => {
  queryClient.removeQueries({ queryKey: q.me.queryKey })
  void router.invalidate()
})

whenNotKept(fallBack)
tellFallBack()
addEventListener('pageshow', (event) => {
  if (event.persisted && isOutlived()) location.reload()
})

reloadWhenPartsAreMissing()

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      {/* Base UI must not write style elements: the content security policy forbids them. */}
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <Toasts />
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  )
}
