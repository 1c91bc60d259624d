import { createFileRoute } from '@tanstack/react-router'
import { InstancePage } from '@/features/settings/instance-page'

export const Route = createFileRoute('/_app/settings/instance')({ component: InstancePage })
