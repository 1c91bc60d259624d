import * as z from 'zod/mini'

export const agentFormSchema = z.object({
  name: z.string().check(z.minLength(1, 'Give it a name.')),
  model: z.string().check(z.minLength(1, 'Choose a model.')),
  fallbacks: z.array(z.string()),
  tools: z.array(z.enum(['read', 'write', 'edit', 'exec', 'web_fetch'])),
  skills: z.array(z.object({ name: z.string(), description: z.string(), content: z.string() })),
  personality: z.object({
    soul: z.string().check(z.maxLength(20_000, 'Use at most 20,000 characters.')),
    identity: z.string().check(z.maxLength(20_000, 'Use at most 20,000 characters.')),
    user: z.string().check(z.maxLength(4_000, 'Use at most 4,000 characters.')),
  }),
})

export type AgentFormValues = z.infer<typeof agentFormSchema>
