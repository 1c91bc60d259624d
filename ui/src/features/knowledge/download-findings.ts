import { queries, queryClient } from '@/api/queries'
import { saveFile } from '@/lib/save-file'

/** Downloads all findings as one JSON file. */
export async function downloadFindings(): Promise<void> {
  const { pages } = await queryClient.fetchInfiniteQuery({
    ...queries.findings({}),
    pages: Number.MAX_SAFE_INTEGER,
    staleTime: 0,
  })
  const findings = pages.flatMap((page) => page.items)
  saveFile(new Blob([JSON.stringify(findings, null, 2)], { type: 'application/json' }), 'findings.json')
}
