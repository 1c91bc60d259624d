import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { JobStats } from '@/api/types'
import { useResolvedTheme } from '@/lib/theme'

type Points = JobStats['throughput']

function toColumns(points: Points): uPlot.AlignedData {
  return [
    points.map((point) => new Date(point.minute).getTime() / 1000),
    points.map((point) => point.done),
    points.map((point) => point.failed),
  ]
}

/** Done and failed jobs per minute. `ChartCard` has the same figures as text. */
export default function Chart({ points }: { points: Points }) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const latest = useRef(points)
  const theme = useResolvedTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours of a canvas do not follow the theme
  useEffect(() => {
    const element = box.current
    if (!element) return
    const size = () => ({ width: element.clientWidth, height: element.clientHeight })
    plot.current = new uPlot(options(size()), toColumns(latest.current), element)
    const resizeObserver = new ResizeObserver(() => plot.current?.setSize(size()))
    resizeObserver.observe(element)
    return () => {
      resizeObserver.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [theme])

  useEffect(() => {
    latest.current = points
    plot.current?.setData(toColumns(points))
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
      {
        ...axis,
        grid: { show: false },
        space: 90,
        size: 26,
        values: (_plot, ticks) => ticks.map(formatTick),
      },
      { ...axis, size: 34, space: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
    ],
    series: [
      {},
      { stroke: color('--accent'), width: 1.5, fill: color('--accent-soft'), points: { show: false } },
      { stroke: color('--bad'), width: 1.5, points: { show: false } },
    ],
  }
}

function formatTick(seconds: number): string {
  const at = new Date(seconds * 1000)
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
}
