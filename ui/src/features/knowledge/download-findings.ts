import { q, queryClient } from '@/api/queries'

/** Every finding, in one file. */
export async function downloadFindings(): Promise<void> {
  const { pages } = await queryClient.fetchInfiniteQuery({
    ...q.findings({}),
    pages: Number.MAX_SAFE_INTEGER,
    staleTime: 0,
  })
  const findings = pages.flatMap((page) => page.items)
  save(new Blob([JSON.stringify(findings, null, 2)], { type: 'application/json' }), 'findings.json')
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has to have begun before the address may go.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
