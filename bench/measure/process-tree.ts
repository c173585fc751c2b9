/** CPU and memory of a process and all its descendants, from Linux' /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second that the kernel counts CPU time in: fixed for programs on Linux, sysconf(_SC_CLK_TCK). */
const ticksPerSecond = 100;

interface ProcessTimes {
  readonly parent: number;
  readonly ticks: number;
}

function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything: fields are counted from behind it. Field 4 is the parent, 14 to 17 the times.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number) as [number, number, number, number];
    return { parent: Number(fields[1]), ticks: user + system + childUser + childSystem };
  } catch {
    return undefined;
  }
}

/** The process and its descendants that run now. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = timesOf(pid)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]!) ?? []));
  return tree;
}

/** CPU seconds that a process and its descendants have used, those that ended included where they were waited for. */
export const cpuSeconds = (root: number): number =>
  processTree(root).reduce((sum, pid) => sum + (timesOf(pid)?.ticks ?? 0), 0) / ticksPerSecond;

/** Resident memory of a process and its descendants, bytes. Pages that several of them share count for each. */
export const residentBytes = (root: number): number => memoryBytes(root, /^VmRSS:\s+(\d+)/m);

/** Resident memory of a process and its descendants that is their own, bytes: pages of files, such as a library's, left out. */
export const anonymousBytes = (root: number): number => memoryBytes(root, /^RssAnon:\s+(\d+)/m);

function memoryBytes(root: number, line: RegExp): number {
  return processTree(root).reduce((sum, pid) => {
    try {
      const [, kilobytes] = line.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))!;
      return sum + Number(kilobytes) * 1024;
    } catch {
      return sum;
    }
  }, 0);
}
