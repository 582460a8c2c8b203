# One image for web, worker and beat; which it is, compose.yaml says.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 MARTECHOPS_HOME=/var/lib/martechops
RUN useradd --system --create-home --home-dir /var/lib/martechops martechops
WORKDIR /srv/martechops
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
USER martechops
EXPOSE 8000
CMD ["granian", "--interface", "rsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--backlog", "4096", "martechops.web:application"]
