import { createFileRoute } from '@tanstack/react-router'
import { FleetPage } from '@/features/fleet/fleet-page'

export const Route = createFileRoute('/_app/fleet')({ component: FleetPage })
