/**
 * Keeps the end of a growing text in view until the user scrolls up. Only a gesture unpins it, never the distance to the
 * end: fast-growing text must not look like a user who scrolls.
 */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

const END_TOLERANCE_PX = 32
const SCROLL_UP_KEYS = new Set(['ArrowUp', 'PageUp', 'Home'])

export function usePinnedScroll(box: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>) {
  const pinned = useRef(true)
  const [showJumpButton, setShowJumpButton] = useState(false)

  const scrollToEnd = useCallback(() => {
    pinned.current = true
    setShowJumpButton(false)
    const element = box.current
    if (element) element.scrollTop = element.scrollHeight
  }, [box])

  /** Scrolls to an element and stays there. */
  const scrollToElement = useCallback((target: Element) => {
    pinned.current = false
    target.scrollIntoView({ block: 'start' })
  }, [])

  useEffect(() => {
    const element = box.current
    const inner = content.current
    if (!element || !inner) return
    const atEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight < END_TOLERANCE_PX
    const unpin = () => {
      if (element.scrollHeight <= element.clientHeight) return
      pinned.current = false
      setShowJumpButton(!atEnd())
    }
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && unpin()
    const onKey = (event: KeyboardEvent) =>
      SCROLL_UP_KEYS.has(event.key) && !isTyping(event.target) && unpin()
    // A press on the scroll bar has the box itself as its target.
    const onPress = (event: PointerEvent) => event.target === element && unpin()
    const onScroll = () => {
      if (atEnd()) {
        pinned.current = true
        setShowJumpButton(false)
      } else if (!pinned.current) setShowJumpButton(true)
    }
    const resizeObserver = new ResizeObserver(() => {
      if (pinned.current) element.scrollTop = element.scrollHeight
    })
    resizeObserver.observe(inner)
    resizeObserver.observe(element)
    element.addEventListener('wheel', onWheel, { passive: true })
    element.addEventListener('touchmove', unpin, { passive: true })
    element.addEventListener('keydown', onKey)
    element.addEventListener('pointerdown', onPress)
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      resizeObserver.disconnect()
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('touchmove', unpin)
      element.removeEventListener('keydown', onKey)
      element.removeEventListener('pointerdown', onPress)
      element.removeEventListener('scroll', onScroll)
    }
  }, [box, content])

  return { showJumpButton, scrollToEnd, scrollToElement }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null
}
