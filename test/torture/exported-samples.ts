export interface ExportedSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeMs: number;
  readonly value: number;
}

/** All samples of a metric as /api/v1/export gives them: each series' in the order of time. */
export async function exportedSamples(url: string, metric: string): Promise<ExportedSample[]> {
  const response = await fetch(`${url}/api/v1/export?${new URLSearchParams({ 'match[]': metric })}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`export answered ${response.status}: ${text}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const {
        metric: labels,
        values,
        timestamps,
      } = JSON.parse(line) as {
        metric: Record<string, string>;
        values: number[];
        timestamps: number[];
      };
      return timestamps.map((timeMs, i) => ({ labels, timeMs, value: values[i]! }));
    });
}
