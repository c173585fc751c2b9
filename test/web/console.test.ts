import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { startTestServer, type TestServer } from '../server/test-server.js';
import { temporaryFolder } from '../storage/test-engine.js';

const executablePath = '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `there is no ${executablePath}`;
const args =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** An id that would run if it ever became markup. */
const hostileId = '<script>document.title="run"</script><img src=x onerror="document.title=1">';
const model = 'churn & co';

/** Right and wrong predictions by day and region; the region us has none on the second day. */
const days = [
  { day: '2026-03-01', eu: { right: 3, wrong: 1 }, us: { right: 1, wrong: 1 } },
  { day: '2026-03-02', eu: { right: 2, wrong: 0 } },
  { day: '2026-03-03', eu: { right: 1, wrong: 3 }, us: { right: 4, wrong: 1 } },
] as const;

interface Seed {
  readonly prediction: { request_id: string; [field: string]: unknown };
  readonly label: number;
}

function seeds(): Seed[] {
  return days.flatMap(({ day, ...regions }) =>
    Object.entries(regions).flatMap(([region, { right, wrong }]) =>
      Array.from({ length: right + wrong }, (_, i) => ({
        prediction: {
          request_id: `${day}/${region}/${i}`,
          ts: `${day}T0${i}:00:00Z`,
          ...{ model, version: '1', region, prediction: i % 2, score: 0.25 + (i % 2) / 2 },
        },
        label: i < right ? i % 2 : 1 - (i % 2),
      })),
    ),
  );
}

async function fill(server: TestServer): Promise<void> {
  const rows = seeds();
  const hostile = {
    request_id: hostileId,
    model,
    version: '0',
    ts: '2026-02-01T00:00:00Z',
    features: { '<b>': '<i>' },
  };
  await server.send('/api/ml/predictions', [...rows.map(({ prediction }) => prediction), hostile]);
  await server.send('/api/ml/ground-truth', [
    ...rows.map(({ prediction, label }) => ({ request_id: prediction.request_id, label, ts: '2026-03-04T00:00:00Z' })),
    { request_id: hostileId, label: 'stays', ts: '2026-02-02T00:00:00Z', revision: 1 },
    { request_id: hostileId, label: 'leaves', ts: '2026-02-03T00:00:00Z', revision: 2, source: 'desk' },
  ]);
  await server.get('/api/ml/models?fresh=1');
}

let server: TestServer;
let browser: BrowserContext;
let profile: string;
let page: Page;
const complaints: string[] = [];
const requested: string[] = [];

/** Opens an address of the console anew and waits until nothing is being loaded. */
async function open(address: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${server.url}/${address}`);
  await page.locator('main h1').waitFor();
  await page.locator('main:not(:has([aria-busy]))').waitFor();
}
const texts = (selector: string): Promise<string[]> => page.locator(selector).allTextContents();
const failureWords = async (): Promise<string> => (await texts('main [role=alert]')).join('\n');
const evaluation = (more: Record<string, string>): string =>
  `#/evaluation?${new URLSearchParams({ model, version: '1', every: '1d', ...more })}`;

describe('the console in a browser', { skip }, () => {
  before(async () => {
    profile = await temporaryFolder();
    [server, browser] = await Promise.all([
      startTestServer(),
      chromium.launchPersistentContext(profile, { executablePath, args: args.split(' ') }),
    ]);
    await fill(server);
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.push(request.url()));
  });
  after(async () => {
    await browser.close();
    await server.stop();
    await rm(profile, { recursive: true, force: true });
  });
  beforeEach(() => complaints.splice(0));

  test('the page opens on the models, without a complaint and without a request to elsewhere', async () => {
    requested.splice(0);
    await open('');
    assert.deepEqual(await texts('tbody tr:nth-child(2) td'), [
      ...[model, '1', '2026-03-01', '2026-03-03 04:00', '17', '100%'],
    ]);
    await page.getByText('Ready', { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
    assert.ok(requested.length > 10);
    assert.deepEqual(
      requested.filter((url) => !url.startsWith(`${server.url}/`) && url !== 'about:blank'),
      [],
    );
  });

  test('a model leads to its evaluation', async () => {
    await open('#/models');
    await page.getByRole('link', { name: model }).nth(1).click();
    await page.locator('.chart').waitFor();
    assert.equal(await page.getByLabel('Model').inputValue(), model);
    assert.equal(await page.getByLabel('Version').inputValue(), '1');
    assert.equal(await page.locator('.series circle').count(), 3);
    assert.deepEqual(complaints, []);
  });

  test('the chart has a line for each cohort, a point for each bucket, and a gap where there is no prediction', async () => {
    await open(evaluation({ by: 'region' }));
    assert.deepEqual(await texts('.legend li'), ['region eu', 'region us']);
    const eu = page.locator('.series[data-cohort="region eu"]');
    const us = page.locator('.series[data-cohort="region us"]');
    assert.deepEqual([await eu.locator('circle').count(), await eu.locator('path').count()], [3, 1]);
    assert.deepEqual([await us.locator('circle').count(), await us.locator('path').count()], [2, 0]);
    assert.deepEqual(complaints, []);
  });

  test('the arrow keys say the values of a bucket', async () => {
    await open(evaluation({ by: 'region' }));
    await page.locator('.chart').focus();
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await texts('.tooltip strong, .tooltip b'), ['2026-03-01', '0.7500', '0.5000']);
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await texts('.tooltip strong, .tooltip b'), ['2026-03-02', '1.0000', 'no predictions']);
  });

  test('another metric is drawn and stays in the address', async () => {
    await open(evaluation({}));
    await page.getByLabel('Metric').selectOption('Recall');
    await page.locator('.chart[aria-label^="Recall"]').waitFor();
    assert.match(page.url(), /metric=recall/);
    await open(page.url().slice(server.url.length + 1));
    assert.equal(await page.getByLabel('Metric').inputValue(), 'recall');
  });

  test('the controls ask anew, and the file has the rows of the table', async () => {
    await open(evaluation({}));
    assert.equal(await page.locator('tbody tr').count(), 3);
    await page.getByLabel('By').fill('region');
    await page.getByRole('button', { name: 'Evaluate' }).click();
    await page.locator('tbody tr:nth-child(5)').waitFor();
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
    const { body } = await server.get<string>(`/${href}`);
    assert.equal(body.trim().split('\r\n').length, 1 + 5);
  });

  test('a parameter that the API refuses is explained in its words', async () => {
    await open(evaluation({ by: 'regio' }));
    const words = await failureWords();
    assert.match(words, /^bad_request by: "regio" is not a column/);
    assert.match(words, /Did you mean region\?/);
  });

  test('an SQL statement runs with Ctrl and Enter, and its rows are shown', async () => {
    await open('#/sql');
    await page.getByLabel('Statement').fill("SELECT 18446744073709551615 AS big, '<b>x</b>' AS text, NULL AS none");
    await page.keyboard.press('Control+Enter');
    await page.locator('tbody tr').waitFor();
    assert.deepEqual(await texts('th'), ['big', 'text', 'none']);
    assert.deepEqual(await texts('td'), ['18446744073709551615', '<b>x</b>', 'null']);
    assert.equal(await page.evaluate('document.activeElement.id'), 'query');
    assert.deepEqual(complaints, []);
  });

  test('an SQL error is shown with its code and message', async () => {
    await open(`#/sql?${new URLSearchParams({ query: 'SELEC 1' })}`);
    assert.match(await failureWords(), /^invalid_query Syntax error/);
  });

  test('markup in a request id and in features is shown as text', async () => {
    await open(`#/request?${new URLSearchParams({ id: hostileId })}`);
    assert.equal((await texts('.fields dd'))[0], hostileId);
    assert.deepEqual((await texts('tbody td')).slice(0, 2), ['<b>', '<i>']);
    assert.equal(await page.locator('main script, main img, main tbody b').count(), 0);
    assert.equal(await page.title(), 'Request – Barograph');
    assert.deepEqual(complaints, []);
  });

  test('the truth of a request is a timeline whose counting revision is marked', async () => {
    await open(`#/request?${new URLSearchParams({ id: hostileId })}`);
    assert.deepEqual(await texts('.timeline time'), ['2026-02-01', '2026-02-02', '2026-02-03']);
    assert.deepEqual(await texts('.timeline .current b'), ['leaves']);
    assert.deepEqual(await texts('.timeline .past b'), ['stays']);
  });

  test('a request id that is not known is said in words', async () => {
    await open('#/request?id=nobody');
    assert.match(await failureWords(), /no prediction with request id "nobody"/);
  });

  test('no view is wider than a screen of 400 pixels', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    const views = [
      '#/models',
      evaluation({ by: 'region' }),
      `#/request?${new URLSearchParams({ id: hostileId })}`,
      '#/sql',
    ];
    for (const view of views) {
      await open(view);
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 400, view);
    }
  });
});

describe('the files of the console', () => {
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());

  test('the page allows no inline script and nothing from elsewhere', async () => {
    const { status, headers, body } = await server.get<string>('/');
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.doesNotMatch(body, /<script(?![^>]* src=)/);
  });

  test('a file that has not changed is not sent again', async () => {
    const first = await server.get<string>('/console/app.js');
    assert.equal(first.headers.get('content-type'), 'text/javascript; charset=utf-8');
    const again = await server.get<string>('/console/app.js', { 'if-none-match': first.headers.get('etag') ?? '' });
    assert.deepEqual([again.status, again.body], [304, '']);
  });

  test('nothing but the files of the console is served', async () => {
    for (const path of [
      '/console/',
      '/console/tsconfig.json',
      '/console/..%2f..%2fpackage.json',
      '/console/app.js.map',
    ])
      assert.equal((await server.get(path)).status, 404, path);
  });
});
