import { q, queryClient } from '@/api/queries'
import { saveFile } from '@/lib/save-file'

/** Every finding, in one file. */
export async function downloadFindings(): Promise<void> {
  const { pages } = await queryClient.fetchInfiniteQuery({
    ...q.findings({}),
    pages: Number.MAX_SAFE_INTEGER,
    staleTime: 0,
  })
  const findings = pages.flatMap((page) => page.items)
  saveFile(new Blob([JSON.stringify(findings, null, 2)], { type: 'application/json' }), 'findings.json')
}
