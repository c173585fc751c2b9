/** The OpenAPI document without a server: the routes say it themselves. */
import { type AppServices, buildApp } from './app.js';

export async function openApiDocument(version: string): Promise<object> {
  const none = {} as never;
  // Routes are only registered, never called, so no service behind them is touched.
  const services: AppServices = {
    version,
    ingest: none,
    metrics: none,
    series: none,
    queries: none,
    status: none,
    prometheus: none,
    lookup: none,
    evaluation: none,
    sql: none,
    operations: none,
  };
  const app = await buildApp(services);
  const document = app.swagger();
  await app.close();
  return document;
}
