// What a client for Node can do: functions that try it, as in features.py; each prints a line of JSON.

const wanted = [];

export function tries(feature, attempt) {
  wanted.push([feature, attempt]);
}

export function expect(fact, what) {
  if (!fact) throw new Error(`expected ${what}`);
}

export async function control(method, path, sent) {
  const body = sent === undefined ? undefined : JSON.stringify(sent);
  const answer = await fetch(process.env.STANDIN_CONTROL + path, { method, body });
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

export async function main() {
  for (const [feature, attempt] of wanted) {
    await control('POST', '/reset');
    let why = '';
    try {
      await attempt();
    } catch (error) {
      why = `${error.name}: ${error.message}`.slice(0, 500);
      console.error(error);
    }
    console.log('\nfeature ' + JSON.stringify({ feature, passed: why === '', why }));
  }
}
