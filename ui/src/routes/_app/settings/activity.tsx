import { createFileRoute } from '@tanstack/react-router'
import { ActivityPage } from '@/features/settings/activity-page'

export const Route = createFileRoute('/_app/settings/activity')({ component: ActivityPage })
