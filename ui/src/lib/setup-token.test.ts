import { beforeEach, describe, expect, it } from 'vitest'
import { forgetSetupToken, parseSetupLink, setupToken, takeSetupToken } from './setup-token'

describe('the setup token', () => {
  beforeEach(forgetSetupToken)

  it('leaves the address and goes nowhere else', () => {
    history.replaceState(null, '', '/setup#token=abc-123')
    takeSetupToken()
    expect(setupToken()).toBe('abc-123')
    expect(location.href).not.toContain('abc-123')
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('abc-123')
    expect(document.documentElement.outerHTML).not.toContain('abc-123')
  })

  it('is not taken from other fragments', () => {
    history.replaceState(null, '', '/setup#main')
    takeSetupToken()
    expect(setupToken()).toBeNull()
    expect(location.hash).toBe('#main')
  })

  it('is found in a pasted link', () => {
    expect(parseSetupLink(' http://127.0.0.1:8080/setup#token=xyz \n')).toBe('xyz')
    expect(parseSetupLink('xyz')).toBe('xyz')
  })
})
