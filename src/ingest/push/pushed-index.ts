/**
 * What all groups hold together, to tell pushes that do not go with it. As in a Pushgateway, which exposes all groups at one place: metrics of
 * one name have one type in all groups, names that belong to a histogram or summary are nobody else's, and a series is in one group only.
 * Sources: prometheus/pushgateway README, "About metric inconsistencies"; prometheus/client_golang registry.go, `checkSuffixCollisions`.
 */
import { BarographError } from '../../base/errors.js';
import type { Steps } from '../../base/turns.js';
import { decodeLabels } from '../../model/labels.js';
import type { MetricType } from '../../model/sample-batch.js';
import { sampleNames } from './family-names.js';
import { forEachKeyText, type PushedFamily } from './pushed-group.js';

/** Who has a name of samples. */
interface Claim {
  readonly metric: string;
  readonly type: MetricType;
  /** In so many groups. */
  groups: number;
}

export interface PushedIndex {
  /** In steps, notes families of a group that go together with all that is there. */
  hold(groupId: string, families: Iterable<PushedFamily>): Steps<void>;
  /** In steps, forgets families that were held. */
  release(families: Iterable<PushedFamily>): Steps<void>;
  /**
   * In steps. Throws `inconsistent_push` where families of a group do not go with each other, or with what is held once `replaced`, others of the
   * group, are gone.
   */
  check(groupId: string, families: Iterable<PushedFamily>, replaced: Iterable<PushedFamily>): Steps<void>;
}

export function createPushedIndex(): PushedIndex {
  const claims = new Map<string, Claim>();
  const groupBySeries = new Map<string, string>();

  function claim(name: string, { metric, type }: PushedFamily): void {
    const claimed = claims.get(name);
    if (claimed === undefined) claims.set(name, { metric, type, groups: 1 });
    else claimed.groups++;
  }

  function giveUp(name: string): void {
    const claimed = claims.get(name);
    if (claimed !== undefined && --claimed.groups === 0) claims.delete(name);
  }

  const claimNames = (families: Iterable<PushedFamily>): void => {
    for (const family of families) for (const name of sampleNames(family.metric, family.type)) claim(name, family);
  };
  const giveUpNames = (families: Iterable<PushedFamily>): void => {
    for (const { metric, type } of families) for (const name of sampleNames(metric, type)) giveUp(name);
  };

  function checkNames(families: Iterable<PushedFamily>): void {
    const own = new Map<string, PushedFamily>();
    for (const family of families)
      for (const name of sampleNames(family.metric, family.type)) {
        checkClaim(name, family, own.get(name) ?? claims.get(name));
        own.set(name, family);
      }
  }

  return {
    *hold(groupId, families) {
      claimNames(families);
      yield* forEachKeyText(families, (key) => groupBySeries.set(key, groupId));
    },
    *release(families) {
      giveUpNames(families);
      yield* forEachKeyText(families, (key) => groupBySeries.delete(key));
    },
    *check(groupId, families, replaced) {
      giveUpNames(replaced);
      try {
        checkNames(families);
      } finally {
        claimNames(replaced);
      }
      const own = new Set<string>();
      yield* forEachKeyText(families, (key) => {
        // A series of the group itself has a name that was just checked, so it is one of those that are replaced.
        const owner = own.has(key) ? groupId : groupBySeries.get(key);
        if (owner !== undefined && (owner !== groupId || own.has(key))) throw repeated(key, owner);
        own.add(key);
      });
    },
  };
}

function checkClaim(
  name: string,
  { metric, type }: PushedFamily,
  other: Pick<PushedFamily, 'metric' | 'type'> | undefined,
): void {
  if (other === undefined || (other.metric === metric && other.type === type)) return;
  throw new BarographError(
    'inconsistent_push',
    other.metric === metric
      ? `the metric ${metric} is pushed as ${type}, and is there already as ${other.type}`
      : `${name} is a name of the ${type} ${metric}, and of the ${other.type} ${other.metric}, which is there already`,
    { hint: 'Metrics of one name have one type in all groups.' },
  );
}

function repeated(key: string, groupId: string): BarographError {
  const labels = decodeLabels(Buffer.from(key, 'latin1')).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return new BarographError(
    'inconsistent_push',
    `the series {${labels.join(', ')}} is there already, in the group ${groupId}`,
  );
}
