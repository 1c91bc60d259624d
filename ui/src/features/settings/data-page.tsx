import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { useTitle } from '@/lib/use-title'
import { DeleteAccountCard } from './delete-account-card'
import { ExportCard } from './export-card'

/** Export and deletion of the user's data. An agent of the instance is removed on the fleet page instead. */
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
