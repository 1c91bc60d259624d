import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { JobStats } from '@/api/types'
import { useShownTheme } from '@/lib/theme'

type Points = JobStats['throughput']

function data(points: Points): uPlot.AlignedData {
  return [
    points.map((point) => new Date(point.minute).getTime() / 1000),
    points.map((point) => point.done),
    points.map((point) => point.failed),
  ]
}

/** Done and failed jobs a minute. What it shows is also told as a sentence beside it. */
export default function Chart({ points }: { points: Points }) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const latest = useRef(points)
  const theme = useShownTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: a canvas has no CSS: another theme is another picture
  useEffect(() => {
    const element = box.current
    if (!element) return
    const size = () => ({ width: element.clientWidth, height: element.clientHeight })
    plot.current = new uPlot(options(size()), data(latest.current), element)
    const resized = new ResizeObserver(() => plot.current?.setSize(size()))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [theme])

  useEffect(() => {
    latest.current = points
    plot.current?.setData(data(points))
  }, [points])

  return <div ref={box} aria-hidden className="h-full w-full" />
}

function options(size: { width: number; height: number }): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: color('--muted'),
    font: '11px "Geist Variable", sans-serif',
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    ...size,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
    axes: [
      { ...axis, grid: { show: false }, space: 90, size: 26, values: (_plot, ticks) => ticks.map(clock) },
      { ...axis, size: 34, space: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
    ],
    series: [
      {},
      { stroke: color('--accent'), width: 1.5, fill: color('--accent-soft'), points: { show: false } },
      { stroke: color('--bad'), width: 1.5, points: { show: false } },
    ],
  }
}

function clock(seconds: number): string {
  const at = new Date(seconds * 1000)
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
}
