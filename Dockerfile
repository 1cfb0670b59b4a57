# The lab and the grader, for a user who is not root. docs/schools.md says how a devcontainer, Binder and JupyterHub use it.
FROM python:3.12-slim-bookworm

# make and git for the commands of README; bubblewrap keeps submissions apart where the container may make namespaces
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends bubblewrap git make \
    && rm -rf /var/lib/apt/lists/*

# the names that Binder gives
ARG NB_USER=learner
ARG NB_UID=1000
ENV USER=${NB_USER} HOME=/home/${NB_USER}
# the folder is made for the user: WORKDIR and COPY would leave it to root, and setting up writes into it
RUN useradd --create-home --uid ${NB_UID} --shell /bin/bash ${NB_USER} \
    && install --directory --owner=${NB_UID} ${HOME}/course

WORKDIR ${HOME}/course
COPY --chown=${NB_UID} . .
USER ${NB_USER}
# more packages for the image, such as the jupyterhub of your hub's own version
ARG PACKAGES=""
RUN python3 bootstrap.py \
    && if [ -n "${PACKAGES}" ]; then .venv/bin/python -m uv pip install --no-cache --python .venv/bin/python ${PACKAGES}; fi \
    && rm -rf "${HOME}/.cache"
ENV PATH=${HOME}/course/.venv/bin:${PATH}

EXPOSE 8888
CMD ["classroom", "lab", "--no-browser", "--host", "0.0.0.0"]
