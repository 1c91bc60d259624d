import { join } from 'node:path'
import { expect, expectAccessible, test } from './fixtures'
import { freePort, withServer } from './mosaic'

// MOSAIC_TEST_OIDC: what deploy/setup/test-oidc.sh prints, a folder with npm's oidc-provider and a script for it.
const FOLDER = process.env.MOSAIC_TEST_OIDC ?? join(import.meta.dirname, '../../target/test-tools/oidc')

test('single sign-on is set up, and a user signs in and out through a real provider', async ({
  page,
  browser,
  mosaic,
}) => {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const script = [join(FOLDER, 'provider.mjs'), String(port), mosaic.url]
  await withServer(process.execPath, script, `${issuer}/.well-known/openid-configuration`, async () => {
    const person = { sub: 'b1', preferred_username: 'ben', name: 'Ben Okri', email: 'ben@example.org' }
    await fetch(`${issuer}/person`, { method: 'PUT', body: JSON.stringify(person) })

    await page.goto('/settings/sign-in')
    await page.getByRole('textbox', { name: 'Issuer' }).fill(issuer)
    await page.getByRole('textbox', { name: 'Client ID' }).fill('mosaic')
    await page.getByRole('textbox', { name: 'Client secret' }).fill('the client secret canary')
    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await expect(page.getByRole('region', { name: 'Test of single sign-on' })).toContainText(
      'The provider answers',
    )
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(page.getByRole('region', { name: 'Notifications' })).toContainText('Single sign-on saved')
    await expectAccessible(page)

    const benContext = await browser.newContext({
      baseURL: mosaic.url,
      storageState: { cookies: [], origins: [] },
    })
    const ben = await benContext.newPage()
    await ben.goto('/jobs?state=failed')
    await expect(ben).toHaveURL(/\/login\?next=/)
    const signIn = ben.getByRole('link', { name: /^Continue with/ })
    await expect(signIn).toBeVisible()
    await expectAccessible(ben)
    await signIn.click()
    // Ben arrives at the requested page under the provider's name, and is not an admin.
    await expect(ben).toHaveURL(/\/jobs\?state=failed/)
    await expect(ben.getByRole('button', { name: /Ben Okri/ })).toContainText('User')
    await expect(ben.getByRole('link', { name: 'Users' })).toHaveCount(0)
    await page.goto('/users')
    await expect(page.getByRole('table', { name: 'Users' })).toContainText('Ben Okri')

    await ben.getByRole('button', { name: /Ben Okri/ }).click()
    await ben.getByRole('menuitem', { name: 'Sign out' }).click()
    // The provider asks for confirmation; its test page has no buttons.
    await ben.waitForURL(/\/session\/end/)
    await ben.evaluate(() => {
      const [form] = document.forms
      form?.insertAdjacentHTML('beforeend', '<input name="logout" value="yes">')
      form?.submit()
    })
    await expect(ben).toHaveURL(/\/login/)
    expect((await benContext.request.get('/api/auth/me')).status()).toBe(401)
    // The admin account is still offered.
    await ben.getByRole('button', { name: 'Use the admin account' }).click()
    await expect(ben.getByRole('textbox', { name: 'Password' })).toBeVisible()
    await expectAccessible(ben)

    // After it is turned off, it is no longer offered.
    await page.goto('/settings/sign-in')
    await page.getByRole('button', { name: 'Turn off' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click()
    await expect(page.getByRole('region', { name: 'Notifications' })).toContainText('turned off')
    await ben.goto('/login')
    await expect(ben.getByRole('button', { name: 'Sign in' })).toBeVisible()
    await expect(ben.getByRole('link', { name: /^Continue with/ })).toHaveCount(0)
    await benContext.close()
  })
})
