// JSON of ASCII characters is a Python literal, too, whatever the text holds.
const literal = (text: string): string =>
  JSON.stringify(text).replace(
    /[^ -~]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/**
 * The script that Jenkins runs: it makes an environment with devpi's client, uses the index and
 * tests the release there. It needs a Python with `venv` and nothing else.
 * @param index URL of the index, without a slash at its end
 * @param spec `NAME==VERSION`
 */
export const jobScript = (index: string, spec: string): string => `#!/usr/bin/env python3
"""Installs devpi's client in an environment of its own and tests a release with it."""
import os
import subprocess
import sys
import venv

indexurl = ${literal(index)}
devpi_install_index = ${literal(`${index}/+simple/`)}
testspec = ${literal(spec)}


def main():
    base = os.getcwd()
    home = os.path.join(base, "_devpi")
    scripts = os.path.join(home, "Scripts" if os.name == "nt" else "bin")
    with open("testspec", "w") as file:
        file.write(testspec)
    venv.EnvBuilder(with_pip=True, clear=True).create(home)
    pip = [os.path.join(scripts, "python"), "-m", "pip", "install", "--upgrade"]
    subprocess.check_call(pip + ["-i", devpi_install_index, "devpi-client", "tox"])
    os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
    devpi = os.path.join(scripts, "devpi")
    own = "--clientdir=" + os.path.join(base, ".devpiclient")
    subprocess.check_call([devpi, "use", own, indexurl])
    sys.exit(subprocess.call([devpi, "test", own, testspec]))


if __name__ == "__main__":
    main()
`
