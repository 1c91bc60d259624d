import { useTitle } from '@/lib/use-title'
import { DeleteMeCard } from './delete-me-card'
import { ExportCard } from './export-card'

/** What is yours: taken along, or gone for good. */
export function DataPage() {
  useTitle('My data')
  return (
    <div className="flex flex-col gap-6">
      <ExportCard />
      <DeleteMeCard />
    </div>
  )
}
