/** A chart that fits its width and says the values of the bucket under the pointer, or that the arrow keys reach. */
import { type ChartData, centreOf, drawChart, type Layout, layOut, middleOf } from './chart-drawing.js';
import { el, svg } from './dom.js';
import type { CoveragePoint } from './evaluation-series.js';
import { bucketWords, countWords, figureWords, shareWords } from './words.js';

/** Lines that a chart has at most: as many as there are colours in the style sheet. */
export const linesMax = 8;

const widthMin = 260;

export function lineChart(data: ChartData): HTMLElement {
  const tooltip = el('div', { class: 'tooltip', hidden: true, 'aria-live': 'polite' });
  const stage = el('div', { class: 'stage' }, tooltip);
  let drawnWidth = 0;
  new ResizeObserver(() => {
    const width = Math.max(widthMin, Math.floor(stage.clientWidth));
    if (width === drawnWidth) return;
    drawnWidth = width;
    const layout = layOut(data, width);
    const picture = drawChart(data, layout);
    tooltip.hidden = true;
    stage.replaceChildren(picture, tooltip);
    answerPointing(picture, tooltip, data, layout);
  }).observe(stage);
  return el('figure', { class: 'chart-figure' }, legendOf(data), stage);
}

function legendOf({ series }: ChartData): HTMLElement {
  const entries = series.map(({ name }, i) => el('li', {}, swatch(i), name));
  return el('figcaption', {}, el('ul', { class: 'legend' }, ...entries));
}

const swatch = (index: number): SVGSVGElement =>
  svg(
    'svg',
    { class: `swatch series-${index + 1}`, viewBox: '0 0 20 8', width: 20, height: 8, 'aria-hidden': 'true' },
    svg('path', { class: 'line', d: 'M1 4H19' }),
  );

function answerPointing(picture: SVGSVGElement, tooltip: HTMLElement, data: ChartData, layout: Layout): void {
  const mark = svg('g', { class: 'mark' });
  picture.append(mark);
  const { coverage } = data;
  let shown = -1;
  const hide = (): void => {
    shown = -1;
    mark.replaceChildren();
    tooltip.hidden = true;
  };
  const show = (index: number): void => {
    const bucket = coverage[index];
    if (bucket === undefined || index === shown) return;
    shown = index;
    mark.replaceChildren(...markAt(bucket, data, layout));
    tooltip.replaceChildren(...tooltipLines(bucket, data));
    tooltip.hidden = false;
    const x = layout.x(middleOf(bucket));
    const isRight = x > layout.width / 2;
    const place = isRight ? x - tooltip.offsetWidth - 14 : x + 14;
    tooltip.style.transform = `translate(${Math.round(Math.max(0, place))}px, 0)`;
  };
  picture.addEventListener('pointermove', ({ clientX }) =>
    show(nearest(coverage, clientX - picture.getBoundingClientRect().left, layout)),
  );
  picture.addEventListener('pointerleave', hide);
  picture.addEventListener('blur', hide);
  picture.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return hide();
    const target = keyTarget(event.key, shown, coverage.length);
    if (target === undefined) return;
    event.preventDefault();
    show(target);
  });
}

/** The bucket that a key leads to; from none, the right arrow leads to the first and the left one to the last. */
function keyTarget(key: string, shown: number, count: number): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (key === 'ArrowRight') return Math.min(count - 1, shown + 1);
  if (key === 'ArrowLeft') return shown < 0 ? count - 1 : Math.max(0, shown - 1);
  return undefined;
}

function nearest(coverage: readonly CoveragePoint[], x: number, layout: Layout): number {
  const distances = coverage.map((bucket) => Math.abs(layout.x(middleOf(bucket)) - x));
  return distances.indexOf(Math.min(...distances));
}

function markAt(bucket: CoveragePoint, { series }: ChartData, layout: Layout): SVGElement[] {
  const x = layout.x(middleOf(bucket));
  const line = svg('line', { x1: x, x2: x, y1: layout.top, y2: layout.coverageBottom });
  const dots = series.flatMap(({ points }, i) => {
    const point = points.find(({ fromMs }) => fromMs === bucket.fromMs);
    if (point === undefined || point.value === null) return [];
    return [svg('circle', { class: `marked series-${i + 1}`, r: 4.5, ...centreOf(point, layout) })];
  });
  return [line, ...dots];
}

function tooltipLines(bucket: CoveragePoint, { series }: ChartData): HTMLElement[] {
  const { fromMs, toMs, count, withTruth } = bucket;
  const lines = series.map(({ name, points }, i) => {
    const point = points.find((each) => each.fromMs === fromMs);
    const value = point === undefined ? 'no predictions' : figureWords(point.value);
    return el('li', {}, swatch(i), el('span', {}, name), el('b', {}, value));
  });
  return [
    el('strong', {}, bucketWords(fromMs, toMs)),
    el('ul', {}, ...lines),
    el(
      'span',
      { class: 'muted' },
      `Truth for ${countWords(withTruth)} of ${countWords(count)} (${shareWords(withTruth / count)})`,
    ),
  ];
}
