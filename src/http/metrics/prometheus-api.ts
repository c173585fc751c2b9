/** Prometheus' API, as far as it asks for no evaluation: series and labels, metadata, exemplars, targets, status, remote read and federation. */
import type { FastifyInstance } from 'fastify';
import { type ExemplarServices, registerExemplars } from './exemplars.js';
import { registerExpressions } from './expressions.js';
import { registerFederate } from './federate.js';
import { registerMetadata } from './metadata.js';
import { failInPlainText } from './plain-text-failures.js';
import { answerAsPrometheus } from './prometheus-answer.js';
import { takeForms } from './prometheus-parameters.js';
import { registerPrometheusStatus, type ServerFacts } from './prometheus-status.js';
import { type RemoteReadServices, registerRemoteRead } from './remote-read.js';
import { registerSeriesQueries } from './series-queries.js';
import { registerTargets, type TargetServices } from './targets.js';

export interface PrometheusServices extends ExemplarServices, RemoteReadServices {
  readonly facts: ServerFacts;
  readonly scraper: TargetServices;
}

export async function registerPrometheusApi(app: FastifyInstance, services: PrometheusServices): Promise<void> {
  await app.register(async (scope) => {
    answerAsPrometheus(scope);
    takeForms(scope);
    // The endpoints check their parameters themselves, in Prometheus' words.
    scope.setValidatorCompiler(() => () => true);
    registerSeriesQueries(scope, services.index);
    registerMetadata(scope, services.engine);
    registerExemplars(scope, services);
    registerExpressions(scope);
    registerTargets(scope, services.scraper);
    registerPrometheusStatus(scope, services.facts);
  });
  await app.register(async (scope) => {
    failInPlainText(scope);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.setValidatorCompiler(() => () => true);
    registerRemoteRead(scope, services);
    registerFederate(scope, services);
  });
}
