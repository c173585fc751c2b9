/** Every route that takes metrics. Bodies are read by their decoders, whatever their type. */
import type { FastifyInstance } from 'fastify';
import { registerImports } from './imports.js';
import { registerInflux } from './influx.js';
import type { MetricServices } from './metric-services.js';
import { registerOtlpMetrics } from './otlp.js';
import { registerPush } from './push.js';
import { registerRemoteWrite } from './remote-write.js';

export function registerMetricWrites(app: FastifyInstance, services: MetricServices): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  registerRemoteWrite(app, services);
  registerOtlpMetrics(app, services);
  registerInflux(app, services);
  registerImports(app, services);
  registerPush(app, services);
}
