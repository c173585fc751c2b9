/** Labels as a JSON object. */
import type { Labels } from '../../model/labels.js';

/** By hand: an object would sort names that are numbers, and lose `__proto__`. */
export function labelsJson(labels: Labels): string {
  let text = '{';
  for (let i = 0; i < labels.length; i++) {
    const [name, value] = labels[i]!;
    text += `${i === 0 ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  return `${text}}`;
}
