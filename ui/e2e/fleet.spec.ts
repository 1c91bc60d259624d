import { answered, ask, expect, expectAccessible, expectNarrow, test } from './fixtures'

test('the fleet shows a container awake, stops it, and tells what it takes @mobile', async ({
  page,
  mosaic,
}) => {
  await ask(page, 'Good morning')
  await answered(page)
  await page.goto('/fleet')
  const table = page.getByRole('table', { name: 'Containers' })
  const row = table.getByRole('row', { name: new RegExp(mosaic.username) })
  await expect(row.getByText('Awake').filter({ visible: true })).toBeVisible()
  await expect(page.getByText(/taken by one container/)).toBeVisible()
  await expectAccessible(page)
  await expectNarrow(page)
  await row.getByRole('button', { name: /^Actions for/ }).click()
  await page.getByRole('menuitem', { name: 'Stop' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop container' }).click()
  await expect(row.getByText('Asleep').filter({ visible: true }).first()).toBeVisible({ timeout: 30_000 })
})

test('the self-test proves the walls, or says that they are not in force', async ({ page }) => {
  test.setTimeout(240_000)
  await page.goto('/fleet')
  await page.getByRole('button', { name: /^Run the self-test/ }).click()
  await expect(page.getByRole('progressbar', { name: 'Self-test' })).toBeVisible()
  const matrix = page.getByRole('table', { name: 'What was tried' })
  await expect(matrix).toBeVisible({ timeout: 200_000 })
  await expect(matrix.getByRole('row').nth(3)).toBeVisible()
  await expect(page.getByText(/The walls hold|Not enforced|A wall has a hole/)).toBeVisible()
  await expectAccessible(page)
  await page.reload()
  await expect(matrix).toBeVisible()
})
