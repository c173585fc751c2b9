import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { createQueryClients } from '../../../src/http/metrics/query-clients.js';

const from = (ip: string, headers: Record<string, string> = {}) => ({ ip, headers }) as unknown as FastifyRequest;

test('a client has so many queries under way and no more, whatever others have', () => {
  const clients = createQueryClients({ concurrentMax: 2, heavyMax: 1, header: undefined });
  const first = clients.enter(from('1.1.1.1'));
  clients.enter(from('1.1.1.1'));
  assert.throws(
    () => clients.enter(from('1.1.1.1')),
    /1\.1\.1\.1 has 2 queries under way, the limit for one client is 2 \(query\.promql\.client\.concurrent_max\)/,
  );
  clients.enter(from('2.2.2.2'));
  first.leave();
  first.leave();
  clients.enter(from('1.1.1.1'));
  assert.throws(() => clients.enter(from('1.1.1.1')), /has 2 queries/);
});

test('heavy queries are counted by themselves', () => {
  const client = createQueryClients({ concurrentMax: 9, heavyMax: 1, header: undefined }).enter(from('1.1.1.1'));
  const leave = client.enterHeavy();
  assert.throws(() => client.enterHeavy(), /1 heavy queries under way.*query\.promql\.client\.heavy_max/);
  leave();
  client.enterHeavy();
});

test('a header names the client where the configuration says so, and the address where it is absent', () => {
  const clients = createQueryClients({ concurrentMax: 1, heavyMax: 1, header: 'X-User' });
  assert.equal(clients.enter(from('1.1.1.1', { 'x-user': 'ann' })).name, 'ann');
  assert.equal(clients.enter(from('1.1.1.1', { 'x-user': 'bob' })).name, 'bob');
  assert.equal(clients.enter(from('1.1.1.1')).name, '1.1.1.1');
});
