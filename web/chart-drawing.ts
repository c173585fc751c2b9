/** Draws a chart of a given width as SVG: lines over time, and below them the coverage of each bucket. Colours are the style sheet's. */
import { svg } from './dom.js';
import { type Bucket, type ChartPoint, type ChartSeries, type CoveragePoint, runsOf } from './evaluation-series.js';
import { timeTicks, valueTicks } from './ticks.js';

export interface ChartData {
  readonly metric: string;
  readonly title: string;
  readonly series: readonly ChartSeries[];
  readonly coverage: readonly CoveragePoint[];
}

/** Places in CSS pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly coverageTop: number;
  readonly coverageBottom: number;
  readonly low: number;
  readonly high: number;
  readonly x: (timeMs: number) => number;
  readonly y: (value: number) => number;
  readonly fromMs: number;
  readonly toMs: number;
}

const plotHeight = 220;
const coverageHeight = 34;
/** Metrics that lie between 0 and 1 by definition; an axis does not go beyond. */
const shares = new Set(['accuracy', 'precision', 'recall', 'f1', 'roc_auc']);
/** Room for a tick's words. */
const yTickGap = 44;
const xTickGap = 84;
/** Beyond so many points on a line only those that no line shows get a dot. */
const dottedPointsMax = 80;

export function layOut({ series, coverage, metric }: ChartData, width: number): Layout {
  const [left, right, top] = [52, width - 14, 12];
  const bottom = top + plotHeight;
  const coverageTop = bottom + 26;
  const coverageBottom = coverageTop + coverageHeight;
  const fromMs = coverage[0]?.fromMs ?? 0;
  const toMs = coverage.at(-1)?.toMs ?? 1;
  const [low, high] = valueRange(series, metric);
  return {
    width,
    height: coverageBottom + 26,
    ...{ left, right, top, bottom, coverageTop, coverageBottom, low, high, fromMs, toMs },
    x: (timeMs) => left + ((right - left) * (timeMs - fromMs)) / Math.max(1, toMs - fromMs),
    y: (value) => bottom - ((bottom - top) * (value - low)) / (high - low),
  };
}

/** The values with some room around them. */
function valueRange(series: readonly ChartSeries[], metric: string): readonly [number, number] {
  const values = series.flatMap(({ points }) => points.map(({ value }) => value)).filter((value) => value !== null);
  if (values.length === 0) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const room = high > low ? (high - low) * 0.12 : Math.max(Math.abs(high) * 0.05, 0.01);
  const isShare = shares.has(metric);
  return [isShare || low >= 0 ? Math.max(0, low - room) : low - room, isShare ? Math.min(1, high + room) : high + room];
}

export function drawChart(data: ChartData, layout: Layout): SVGSVGElement {
  const { width, height } = layout;
  return svg(
    'svg',
    {
      class: 'chart',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      tabindex: 0,
      'aria-label': `${data.title} over time, ${data.series.length} lines; the arrow keys walk through it, the table below has its values`,
    },
    drawAxes(layout),
    drawCoverage(data.coverage, layout),
    ...data.series.map((series, i) => drawSeries(series, i, layout)),
  );
}

function drawAxes({ left, right, top, bottom, coverageTop, coverageBottom, low, high, x, y, fromMs, toMs }: Layout) {
  const axes = svg('g', { class: 'axes' });
  for (const { at, words } of valueTicks(low, high, (bottom - top) / yTickGap))
    axes.append(
      svg('line', { class: 'grid', x1: left, x2: right, y1: y(at), y2: y(at) }),
      svg('text', { x: left - 8, y: y(at), class: 'tick-value' }, words),
    );
  for (const { at, words } of timeTicks(fromMs, toMs, (right - left) / xTickGap)) {
    axes.append(svg('line', { class: 'grid faint', x1: x(at), x2: x(at), y1: top, y2: bottom }));
    const atEnd = x(at) > right - 24;
    axes.append(
      svg('text', { x: x(at), y: coverageBottom + 18, class: atEnd ? 'tick-time last' : 'tick-time' }, words),
    );
  }
  axes.append(
    svg('text', { x: left, y: coverageTop - 7, class: 'caption' }, 'Share with truth'),
    svg('text', { x: left - 8, y: coverageTop + 4, class: 'tick-value' }, '100%'),
    svg('line', { class: 'grid', x1: left, x2: right, y1: coverageTop, y2: coverageTop }),
    svg('line', { class: 'base', x1: left, x2: right, y1: coverageBottom, y2: coverageBottom }),
    svg('line', { class: 'base', x1: left, x2: right, y1: bottom, y2: bottom }),
  );
  return axes;
}

/** Each bucket as a step, so that a bucket without predictions stays empty. */
function drawCoverage(coverage: readonly CoveragePoint[], { x, coverageTop, coverageBottom }: Layout) {
  const steps = coverage.map(({ fromMs, toMs, count, withTruth }) => {
    const top = coverageBottom - (coverageBottom - coverageTop) * (withTruth / count);
    return `M${round(x(fromMs))} ${coverageBottom}V${round(top)}H${round(x(toMs))}V${coverageBottom}Z`;
  });
  return svg('path', { class: 'coverage', d: steps.join('') });
}

function drawSeries({ name, points }: ChartSeries, index: number, layout: Layout): SVGGElement {
  const group = svg('g', { class: `series series-${index + 1}`, 'data-cohort': name });
  for (const run of runsOf(points)) {
    if (run.length > 1) group.append(svg('path', { class: 'line', d: pathOf(run, layout) }));
    if (run.length > 1 && points.length > dottedPointsMax) continue;
    for (const point of run) group.append(svg('circle', { class: 'point', r: 2.6, ...centreOf(point, layout) }));
  }
  return group;
}

function pathOf(run: readonly ChartPoint[], layout: Layout): string {
  const places = run.map((point) => centreOf(point, layout));
  return `M${places.map(({ cx, cy }) => `${cx} ${cy}`).join('L')}`;
}

/** A point stands in the middle of its bucket. */
export const middleOf = ({ fromMs, toMs }: Bucket): number => (fromMs + toMs) / 2;

export const centreOf = (point: ChartPoint, { x, y }: Layout): { cx: number; cy: number } => ({
  cx: round(x(middleOf(point))),
  cy: round(y(point.value ?? 0)),
});

const round = (pixels: number): number => Math.round(pixels * 10) / 10;
