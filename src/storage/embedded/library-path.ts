/** Finds the engine's native library among the installed packages. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BarographError } from '../../base/errors.js';

/** What decides which build of the library fits. `libc` is told apart on Linux only. */
export interface Platform {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly libc?: 'glibc' | 'musl';
}

/** The platform that this process runs on. */
export function currentPlatform(): Platform {
  const { platform, arch } = process;
  if (platform !== 'linux') return { platform, arch };
  // The report's header carries the version of glibc exactly where the process runs on glibc.
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { platform, arch, libc: report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc' };
}

/** The npm package that carries the library for a platform, whether or not one is published under that name. */
export function libraryPackageOf({ platform, arch, libc }: Platform): string {
  const suffix = platform === 'linux' ? (libc === 'musl' ? '-musl' : '-gnu') : '';
  return `@chdb/lib-${platform}-${arch}${suffix}`;
}

/**
 * The path of `libchdb.so` for a platform.
 * Throws `platform_unsupported` where the package for it is not installed, which is so on every platform that has none.
 */
export function libraryPath(platform: Platform = currentPlatform()): string {
  const name = libraryPackageOf(platform);
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'libchdb.so');
  } catch (cause) {
    const libc = platform.libc === undefined ? '' : `, ${platform.libc}`;
    throw new BarographError(
      'platform_unsupported',
      `There is no embedded engine for ${platform.platform}, ${platform.arch}${libc}: the package ${name} is not installed.`,
      {
        hint:
          'The embedded engine runs on Linux with glibc and on macOS, on x64 and arm64. Install with optional ' +
          'dependencies there, or configure the URL of a ClickHouse server.',
        cause,
      },
    );
  }
}
