/** `retryTimeout`, `retry-timeout` and `RETRY_TIMEOUT` are all meant as `retry_timeout`. */
export function spellingOf(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9.]/g, '');
}
