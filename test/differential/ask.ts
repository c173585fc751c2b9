/** One query, asked at a server. */
import type { QueryAnswer } from './compare-answers.js';

export interface Question {
  readonly query: string;
  /** Parameters beside the query; with a step it is a range query. */
  readonly parameters: Readonly<Record<string, string>>;
}

export async function ask(url: string, { query, parameters }: Question): Promise<QueryAnswer> {
  const path = 'step' in parameters ? 'query_range' : 'query';
  const body = new URLSearchParams({ query, ...parameters });
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body });
  return (await answer.json()) as QueryAnswer;
}
