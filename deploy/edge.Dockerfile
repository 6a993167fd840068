# The edge on OpenResty: docker build -f deploy/edge.Dockerfile .
FROM openresty/openresty:1.27.1.2-bookworm
RUN groupadd --system --gid 1654 fairway && useradd --system --uid 1654 --gid fairway --home-dir /var/lib/fairway-edge --create-home fairway
COPY openresty /opt/fairway/openresty
COPY deploy/healthy /opt/fairway/healthy
RUN chmod 0755 /opt/fairway/openresty/edge /opt/fairway/healthy
USER fairway
ENV Edge__Address=0.0.0.0 Edge__Port=8081 HEALTH_PORT=8081 HEALTH_PATH=/healthz
VOLUME /var/lib/fairway-edge
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/opt/fairway/healthy"]
# nginx drains on QUIT.
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/opt/fairway/openresty/edge", "/var/lib/fairway-edge"]
