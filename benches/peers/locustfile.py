from locust import FastHttpUser, task


class Shopper(FastHttpUser):
    @task
    def products(self):
        self.client.get("/api/products")
