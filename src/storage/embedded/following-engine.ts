import type { Engine } from '../engine.js';

/** An engine that passes each call to the one that is current at that moment. Closing it closes that one. */
export function followingEngine(current: () => Engine): Engine {
  return {
    get database() {
      return current().database;
    },
    query: (statement) => current().query(statement),
    stream: (statement, format) => current().stream(statement, format),
    insert: (insert) => current().insert(insert),
    command: (statement) => current().command(statement),
    cancel: (queryId) => current().cancel(queryId),
    health: () => current().health(),
    close: () => current().close(),
  };
}
