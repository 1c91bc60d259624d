import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { useTitle } from '@/lib/use-title'
import { DeleteAccountCard } from './delete-account-card'
import { ExportCard } from './export-card'

/** What is yours: taken along, or gone for good. One of the instance's own agents is removed where it was made. */
export function DataPage() {
  useTitle('My data')
  const { data: me } = useQuery(queries.me)
  return (
    <div className="flex flex-col gap-6">
      <ExportCard />
      {me && !me.keptBy && <DeleteAccountCard />}
    </div>
  )
}
