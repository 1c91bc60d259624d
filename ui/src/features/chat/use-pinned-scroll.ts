/**
 * Keeps the end of a growing text in view, until its reader scrolls up. Only a gesture lets go, never a
 * distance: text that grows fast must not look like somebody who reads.
 */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

const NEAR = 32
const UP = new Set(['ArrowUp', 'PageUp', 'Home'])

export function usePinnedScroll(box: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>) {
  const pinned = useRef(true)
  const [away, setAway] = useState(false)

  const toEnd = useCallback(() => {
    pinned.current = true
    setAway(false)
    const element = box.current
    if (element) element.scrollTop = element.scrollHeight
  }, [box])

  /** Shows one part and stays there. */
  const toPart = useCallback((part: Element) => {
    pinned.current = false
    part.scrollIntoView({ block: 'start' })
  }, [])

  useEffect(() => {
    const element = box.current
    const inner = content.current
    if (!element || !inner) return
    const atEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR
    const letGo = () => {
      if (element.scrollHeight <= element.clientHeight) return
      pinned.current = false
      setAway(!atEnd())
    }
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && letGo()
    const onKey = (event: KeyboardEvent) => UP.has(event.key) && !isTyping(event.target) && letGo()
    // A press on the scroll bar hits the box itself.
    const onPress = (event: PointerEvent) => event.target === element && letGo()
    const onScroll = () => {
      if (atEnd()) {
        pinned.current = true
        setAway(false)
      } else if (!pinned.current) setAway(true)
    }
    const grown = new ResizeObserver(() => {
      if (pinned.current) element.scrollTop = element.scrollHeight
    })
    grown.observe(inner)
    grown.observe(element)
    element.addEventListener('wheel', onWheel, { passive: true })
    element.addEventListener('touchmove', letGo, { passive: true })
    element.addEventListener('keydown', onKey)
    element.addEventListener('pointerdown', onPress)
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      grown.disconnect()
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('touchmove', letGo)
      element.removeEventListener('keydown', onKey)
      element.removeEventListener('pointerdown', onPress)
      element.removeEventListener('scroll', onScroll)
    }
  }, [box, content])

  return { away, toEnd, toPart }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null
}
