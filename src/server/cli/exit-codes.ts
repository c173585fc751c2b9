/** What the command line tells the program that started it. */
export const exitCodes = {
  success: 0,
  /** What was asked for did not succeed. */
  failure: 1,
  /** The command line or the configuration is wrong; nothing was begun. */
  badUse: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
