/** Memory for what JavaScript puts in. */
export function allocate(bytes: u32): usize {
  return heap.alloc(bytes);
}

export function release(address: usize): void {
  heap.free(address);
}

/** Room of another size in place of what was there, whose content is lost; 0 where nothing was. */
export function renewed(address: usize, bytes: usize): usize {
  if (address != 0) heap.free(address);
  return heap.alloc(bytes);
}
