import { Sheet } from '@/components/ui/sheet'
import { Sidebar } from './sidebar'

export default function Drawer({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Sheet open={open} onClose={onClose} title="Menu" side="left" className="bg-sidebar">
      <Sidebar />
    </Sheet>
  )
}
